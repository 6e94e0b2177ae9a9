import type { EngineDriver } from '../engine-driver.ts';
import { parseNginxDigest, readNginxDigestScript } from './running-digest.ts';

/** NGINX: checked by `nginx -t`, asked over its own page. */
export const driveNginx: EngineDriver = {
  checkCommand: (configPath) => ({ program: 'nginx', args: ['-t', '-q', '-c', configPath], asRoot: true }),
  async readRunningDigest(host) {
    const { stdout } = await host.run({
      program: 'sh',
      args: ['-c', `${readNginxDigestScript} 2>/dev/null || true`],
      title: 'asking NGINX which configuration it runs',
    });
    return parseNginxDigest(stdout);
  },
  leaveSignal: 'SIGQUIT',
};
