import type { Host } from '../../../src/remote/host.ts';

/** Runs the tests that an image of ours carries, in a container without a network; the exit code and what they printed. */
export async function runImageTests(
  host: Host,
  repository: string,
): Promise<{ exitCode: number; log: string }> {
  const engine = host.engine();
  const tags = (await engine.listImages()).flatMap((image) => image.RepoTags ?? []);
  const container = await engine.createContainer({
    Image: tags.find((tag) => tag.startsWith(`${repository}:`))!,
    Entrypoint: ['python3', '-m', 'unittest'],
    Cmd: [],
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    return {
      exitCode: StatusCode,
      log: (await container.logs({ stdout: true, stderr: true })).toString(),
    };
  } finally {
    await container.remove({ force: true });
  }
}
