/**
 * Uses the reference system as its people do, through the virtual address: logs in, stores a picture, reads its row
 * back from the database and the picture back through its presigned URL, opens the dashboard.
 */
import assert from 'node:assert/strict';
import { makePicture } from './make-picture.ts';

export interface TourTarget {
  /** Virtual address. */
  address: string;
  username: string;
  password: string;
  database: { user: string; password: string; name: string };
}

export interface TourStep {
  title: string;
  detail: string;
  elapsedMs: number;
}

const requestTimeoutMs = 15_000;

/** Walks through the whole system and tells each step as it is done. Throws at the first answer that isn't right. */
export async function tourSiripHiu(
  target: TourTarget,
  onStep: (step: TourStep) => void = () => {},
): Promise<void> {
  const step = async <T>(title: string, work: () => Promise<{ value: T; detail: string }>): Promise<T> => {
    const startedAt = performance.now();
    const { value, detail } = await work();
    onStep({ title, detail, elapsedMs: performance.now() - startedAt });
    return value;
  };
  const token = await step('log in', () => logIn(target));
  const picture = makePicture(245, Date.now() % 2 ** 31);
  const record = await step('store a picture', () => storePicture(target, token, picture));
  await step('read its row back from MySQL', () => readRow(target, record));
  await step('fetch it through its presigned URL', () => fetchPicture(record, picture));
  await step('open the dashboard', () => openDashboard(target));
}

/** A token for the API. */
export async function logIn({
  address,
  username,
  password,
}: TourTarget): Promise<{ value: string; detail: string }> {
  const response = await request(`http://${address}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  assert.equal(response.status, 200, `login answered ${response.status}`);
  const { access_token: value } = (await response.json()) as { access_token: string };
  assert.ok(value, 'login gave no token');
  return { value, detail: `POST /api/v1/login as ${username}` };
}

interface StoredRecord {
  id: number;
  species: string;
  size_bytes: number;
  sha256: string;
  picture_url: string;
}

/** Posts a picture as the conveyor does; with a key it may be sent again, and is stored once. */
export async function storePicture(
  { address }: Pick<TourTarget, 'address'>,
  token: string,
  picture: Buffer,
  key?: string,
): Promise<{ value: StoredRecord; detail: string }> {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'fin.png');
  form.set('species', 'Sphyrna lewini');
  form.set('confidence', '0.97');
  form.set('station', 'conveyor 1');
  const response = await request(`http://${address}/api/v1/sirip-hiu`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...(key !== undefined && { 'idempotency-key': key }) },
    body: form,
  });
  assert.ok(
    response.status === 201 || (key !== undefined && response.status === 200),
    `POST answered ${response.status}: ${(await response.clone().text()).slice(0, 300)}`,
  );
  const value = (await response.json()) as StoredRecord;
  return {
    value,
    detail: `POST /api/v1/sirip-hiu, ${picture.length.toLocaleString('en-US')} bytes → record ${value.id}`,
  };
}

async function readRow(
  { address, database }: TourTarget,
  record: StoredRecord,
): Promise<{ value: undefined; detail: string }> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({
    host: address,
    port: 3306,
    user: database.user,
    password: database.password,
    database: database.name,
    connectTimeout: requestTimeoutMs,
  });
  try {
    const [rows] = await connection.execute({
      sql: 'SELECT * FROM sirip_hiu WHERE id = ?',
      values: [record.id],
      timeout: requestTimeoutMs,
    });
    const [row] = rows as Record<string, unknown>[];
    assert.equal(row?.['sha256'], record.sha256, `the database's row of record ${record.id} doesn't match`);
    return { value: undefined, detail: `${address}:3306, ${record.species}, ${record.size_bytes} bytes` };
  } finally {
    // not end(), which waits for a server that may be gone
    connection.destroy();
  }
}

async function fetchPicture(
  record: StoredRecord,
  picture: Buffer,
): Promise<{ value: undefined; detail: string }> {
  const response = await request(record.picture_url);
  assert.equal(response.status, 200, `the presigned URL answered ${response.status}`);
  const received = Buffer.from(await response.arrayBuffer());
  assert.ok(
    received.equals(picture),
    `the picture came back different: ${received.length} bytes of ${picture.length}`,
  );
  return {
    value: undefined,
    detail: `${new URL(record.picture_url).host}, the same ${received.length} bytes`,
  };
}

/** The cookie of a session that has logged in. */
export async function openDashboard(target: TourTarget): Promise<{ value: string; detail: string }> {
  const base = `http://${target.address}`;
  const form = await request(`${base}/login`);
  const formToken = /name="form_token"[^>]*value="([^"]+)"/.exec(await form.text())?.[1];
  assert.ok(formToken, 'the login page holds no form');
  const answer = await request(`${base}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: readCookies(form) },
    body: new URLSearchParams({
      form_token: formToken,
      username: target.username,
      password: target.password,
    }),
  });
  assert.equal(answer.status, 303, `the login form answered ${answer.status}`);
  const page = await request(`${base}/`, { headers: { cookie: readCookies(answer) } });
  const text = await page.text();
  assert.equal(page.status, 200, `the dashboard answered ${page.status}`);
  assert.match(text, /Sphyrna lewini/, 'the dashboard does not show the picture');
  return {
    value: readCookies(answer),
    detail: `${base}/, ${text.length.toLocaleString('en-US')} characters`,
  };
}

function readCookies(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

async function request(url: string, options: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...options, signal: AbortSignal.timeout(requestTimeoutMs) });
}
