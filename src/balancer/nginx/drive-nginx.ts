import type { EngineDriver } from '../engine-driver.ts';
import { changeNginx, checkNginxCommand, readNginxDigest, viewNginx } from './ask-nginx.ts';
import { insertServers, listNginxServers, markServers } from './servers.ts';

/** NGINX: checked by `nginx -t`, asked over its own page, told of servers by its file and a reload. */
export const driveNginx: EngineDriver = {
  checkCommand: checkNginxCommand,
  readRunningDigest: readNginxDigest,
  leaveSignal: 'SIGQUIT',
  readLive: viewNginx,
  tellStates: (host, wanted) =>
    changeNginx(host, (config) =>
      markServers(
        config,
        (one) =>
          wanted.find(({ server }) => server.backend === one.backend && server.name === one.name)?.state,
      ),
    ),
  listServers: listNginxServers,
  addServers: (host, servers, state) => changeNginx(host, (config) => insertServers(config, servers, state)),
  inTurn: true,
};
