/** A first `cluster.yml`, made of the commented template. Pure. */
import { type Document, isMap, Pair, parseDocument, Scalar } from 'yaml';
import { InputError } from '../errors.ts';
import type { NodeRole } from './cluster.ts';

/** What a newcomer says about the machines; what is absent stays as the template has it. */
export interface ClusterDraft {
  name?: string;
  user?: string;
  key?: string;
  /** In the order they are to stand in the file; the template's when empty. */
  nodes: { role: NodeRole; address: string; name?: string }[];
  /** With or without its prefix length; /24 where there is none. */
  vip?: string;
  stack: { name: string; file: string };
  /** Path of the secrets file; absent when there is none. */
  secrets?: string;
  /** Values for `${NAME}` in the compose file; no section where there are none. */
  variables?: Record<string, string>;
  /** Path or URL of the JSON schema, for editors. */
  schema: string;
}

const nameStems: Record<NodeRole, string> = {
  balancer: 'vm-loadbalancer',
  manager: 'vm-dockerswarmmanager',
  worker: 'vm-dockerswarmworker',
};

/** The template with the newcomer's machines in it, comments kept. @throws InputError when two of them have one name. */
export function renderClusterFile(template: string, draft: ClusterDraft): string {
  const document = parseDocument(template.replace('SCHEMA', draft.schema));
  if (draft.name !== undefined) document.set('name', draft.name);
  if (draft.user !== undefined) document.setIn(['ssh', 'user'], draft.user);
  if (draft.key !== undefined) document.setIn(['ssh', 'key'], draft.key);
  if (draft.nodes.length > 0) replaceNodes(document, draft);
  document.setIn(['stack', 'name'], draft.stack.name);
  document.setIn(['stack', 'file'], draft.stack.file);
  if (draft.secrets === undefined) document.delete('secrets');
  else document.set('secrets', draft.secrets);
  addVariables(document, draft.variables ?? {});
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function addVariables(document: Document, variables: Record<string, string>): void {
  if (Object.keys(variables).length === 0 || !isMap(document.contents)) return;
  const key = new Scalar('variables');
  key.spaceBefore = true;
  key.commentBefore = ' Values for ${NAME} in the compose file: here, which nodes keep data.';
  document.contents.add(new Pair(key, document.createNode(variables)));
}

/** The names that machines get, as the file has them. */
export function listNodeNames(nodes: ClusterDraft['nodes']): { name: string; role: NodeRole }[] {
  return nameNodes(nodes).map(({ name, role }) => ({ name, role }));
}

function replaceNodes(document: Document, draft: ClusterDraft): void {
  const nodes = document.get('nodes');
  if (!isMap(nodes)) throw new Error('the template has no nodes');
  nodes.items = [];
  for (const { name, address, role } of nameNodes(draft.nodes)) {
    if (nodes.has(name)) {
      throw new InputError({
        message: `two machines are called ${name}`,
        next: `name each by its own name: --${role} some-name=${address}`,
      });
    }
    const node = document.createNode({ address, role });
    node.flow = true;
    nodes.set(name, node);
  }
  if (!draft.nodes.some(({ role }) => role === 'balancer') && draft.vip === undefined) {
    document.delete('balancer');
  } else if (draft.vip === undefined) {
    document.deleteIn(['balancer', 'vip']);
  } else {
    document.setIn(['balancer', 'vip'], draft.vip.includes('/') ? draft.vip : `${draft.vip}/24`);
  }
}

/** Names as the reference has them: the only manager goes without a number. */
function nameNodes(nodes: ClusterDraft['nodes']): { name: string; address: string; role: NodeRole }[] {
  const counts: Record<NodeRole, number> = { balancer: 0, manager: 0, worker: 0 };
  return nodes.map(({ name, address, role }) => {
    const number = ++counts[role];
    const generated = `${nameStems[role]}${role === 'manager' && number === 1 ? '' : number}`;
    return { name: name ?? generated, address, role };
  });
}
