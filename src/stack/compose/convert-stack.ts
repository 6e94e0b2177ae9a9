/** A merged compose stack as the objects the Engine API is given. Pure. */
import path from 'node:path';
import type { BuildDefinition, ServiceDefinition, StackDefinition } from '../definition.ts';
import type { ServiceSpec } from '../engine-types.ts';
import type { ComposeService } from './compose-types.ts';
import { convertContainer } from './convert-container.ts';
import { addStackLabel, type ConvertContext, compareText, scopeName } from './convert-context.ts';
import { convertConfigs, convertSecrets } from './convert-file-objects.ts';
import { convertAttachments, convertNetworks } from './convert-networks.ts';
import {
  convertEndpoint,
  convertLogDriver,
  convertMode,
  convertPlacement,
  convertResources,
  convertRestartPolicy,
  convertUpdateConfig,
} from './convert-task.ts';
import type { FileContent } from './decode-context.ts';
import { dropUndefined } from './decode-values.ts';

/** The label that keeps the image as it was written. */
const imageLabel = 'com.docker.stack.image';

export function convertStack(
  context: ConvertContext,
  folder: string,
  readFile: (path: string) => FileContent,
): Omit<StackDefinition, 'file' | 'warnings' | 'xBalancer' | 'xSecrets'> {
  const services = Object.values(context.compose.services)
    .sort((a, b) => compareText(a.name, b.name))
    .map((service) => defineService(service, context, folder));
  const { networks, external } = convertNetworks(context);
  return {
    name: context.stack,
    networks,
    configs: convertConfigs(context, readFile),
    secrets: convertSecrets(context, readFile),
    services,
    external: {
      networks: external,
      configs: listExternal(context, 'configs'),
      secrets: listExternal(context, 'secrets'),
    },
  };
}

function defineService(service: ComposeService, context: ConvertContext, folder: string): ServiceDefinition {
  const build = convertBuild(service, folder);
  return {
    key: service.name,
    spec: convertService(service, context),
    dependsOn: checkDependsOn(service, context),
    ...(build ? { build } : {}),
  };
}

function convertService(service: ComposeService, context: ConvertContext): ServiceSpec {
  return dropUndefined({
    Name: scopeName(context, service.name),
    Labels: { ...addStackLabel(context, service.deploy.labels), [imageLabel]: service.image },
    TaskTemplate: dropUndefined({
      ContainerSpec: convertContainer(service, context),
      Resources: convertResources(service, context),
      RestartPolicy: convertRestartPolicy(service, context),
      Placement: convertPlacement(service),
      LogDriver: convertLogDriver(service),
      Networks: convertAttachments(service, context),
      ForceUpdate: 0,
    }),
    Mode: convertMode(service, context),
    UpdateConfig: convertUpdateConfig(service.deploy.updateConfig),
    RollbackConfig: convertUpdateConfig(service.deploy.rollbackConfig),
    EndpointSpec: convertEndpoint(service),
  }) as ServiceSpec;
}

function convertBuild({ build }: ComposeService, folder: string): BuildDefinition | undefined {
  if (!build) return undefined;
  const args = Object.fromEntries(
    Object.entries(build.args).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  return {
    context: path.resolve(folder, build.context),
    dockerfile: build.dockerfile,
    args,
    ...(build.target ? { target: build.target } : {}),
  };
}

/** Services that don't exist are left out: swarm ignores the key, so that it must not stop a deploy. */
function checkDependsOn(
  { name, dependsOn = [] }: ComposeService,
  { compose, report }: ConvertContext,
): string[] {
  return [...new Set(dependsOn)].filter((key) => {
    const known = Object.hasOwn(compose.services, key);
    if (!known)
      report.warn(
        ['services', name, 'depends_on'],
        `there is no service ${JSON.stringify(key)} to wait for; it is ignored`,
      );
    return known;
  });
}

/** The real names of the external objects that a service refers to. */
function listExternal({ compose }: ConvertContext, section: 'configs' | 'secrets'): string[] {
  const names = new Set<string>();
  for (const service of Object.values(compose.services)) {
    const keys = (service[section] ?? []).map((one) => one.source);
    if (section === 'configs' && service.credentialSpec.config) keys.push(service.credentialSpec.config);
    for (const key of keys) {
      const object = Object.hasOwn(compose[section], key) ? compose[section][key] : undefined;
      if (object?.external) names.add(object.name);
    }
  }
  return [...names].sort(compareText);
}
