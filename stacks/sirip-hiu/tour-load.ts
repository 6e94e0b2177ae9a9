import type { ProbeTarget } from '../../src/drill/probe/options.ts';
import { makePicture } from './make-picture.ts';
import { logIn, type TourTarget } from './tour.ts';

/** What people and the conveyor send: the dashboard's page, rows on kept and on new connections, one picture in ten. */
export async function prepareTourLoad(target: TourTarget): Promise<ProbeTarget[]> {
  const { value: token } = await logIn(target);
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(makePicture(245, 7))], { type: 'image/png' }), 'fin.png');
  form.set('species', 'Sphyrna lewini');
  form.set('confidence', '0.97');
  form.set('station', 'conveyor 1');
  const encoded = new Request('http://localhost/', { method: 'POST', body: form });
  const type = encoded.headers.get('content-type')!;
  const body = new Uint8Array(await encoded.arrayBuffer());
  const http = { kind: 'http' as const };
  const rows = `http://${target.address}/api/v1/sirip-hiu?per_page=1`;
  const headers = { authorization: `Bearer ${token}` };
  return [
    { ...http, name: 'dashboard', url: `http://${target.address}/login`, weight: 4 },
    { ...http, name: 'rows', url: rows, headers, weight: 3 },
    { ...http, name: 'rows, new connection', url: rows, headers, weight: 2, connection: 'new' },
    {
      ...http,
      name: 'picture',
      url: `http://${target.address}/api/v1/sirip-hiu`,
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': type },
    },
  ];
}
