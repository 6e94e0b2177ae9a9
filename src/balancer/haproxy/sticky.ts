/**
 * How a server leaves whose clients come back to it with a cookie. HAProxy goes on giving it their requests while it drains,
 * and also while its checks are answered with 404: only one that is down or in maintenance gets none. In maintenance it
 * finishes what it has, and isn't checked. No I/O here.
 */
import type { AdminState, WantedState } from '../live-server.ts';

const forcedMaintenance = 0x01 | 0x02 | 0x04 | 0x20 | 0x40;
const forcedDrain = 0x08 | 0x10;

/** What `srv_admin_state` of `show servers state` means. */
export function readAdminState(bits: number, sticky: boolean): AdminState {
  if (bits & forcedMaintenance) return sticky ? 'drain' : 'maint';
  if (bits & forcedDrain) return sticky ? 'hold' : 'drain';
  return 'ready';
}

/** The words of the Runtime API for one section of a server. */
export function renderState(section: string, { server, state }: WantedState): string {
  const path = `${section}/${server.name}`;
  if (!server.sticky) return `set server ${path} state ${state === 'hold' ? 'drain' : state}`;
  if (state === 'drain' || state === 'maint') return `set server ${path} state maint`;
  const told = `set server ${path} state ${state === 'hold' ? 'drain' : 'ready'}`;
  // What leaves maintenance is believed to be up, but nobody has looked at it meanwhile.
  const isUnchecked = server.admin === 'drain' || server.admin === 'maint';
  return isUnchecked ? `${told}; set server ${path} health down` : told;
}
