/** Speaks to an object store through MinIO's own client in a task of the store. */
import { UserError } from '../../errors.ts';
import type { StrategyContext } from '../strategy.ts';

/** An access key and its secret key. */
export interface StoreLogin {
  accessKey: string;
  secretKey: string;
}

/** `none`: the store has no such user. */
export type UserInfo = { kind: 'found'; policies: string[]; groups: string[] } | { kind: 'none' };

/**
 * Standard input: access key and secret key of root, then of the user. The client keeps what it logs in with in a folder
 * of its own: here one in memory, gone with the script (or with the next one, where it was killed). Access keys do stand in arguments, as they do in every
 * presigned URL: they are names.
 */
const script = `client=$(command -v mc || command -v minio-client || command -v mcli) || exit 91
IFS= read -r root_key; IFS= read -r root_secret; IFS= read -r key; IFS= read -r secret
rm -rf /dev/shm/kawanan-mc-*
folder=$(mktemp -d /dev/shm/kawanan-mc-XXXXXX) || exit 92
trap 'rm -rf "$folder"' EXIT
url=$1; shift
say() { "$client" --config-dir "$folder" --json "$@" 2>&1; }
log_in() { printf '%s\\n%s\\n' "$2" "$3" | say alias set "$1" "$url"; }
operation=$1; shift
if [ "$operation" = check ]; then log_in user "$key" "$secret" >"$folder/said" || { cat "$folder/said"; exit 94; }; exit 0; fi
log_in store "$root_key" "$root_secret" >"$folder/said" || { cat "$folder/said"; exit 93; }
case $operation in
info) say admin user info store "$key" || exit 95;;
add) printf '%s\\n%s\\n' "$key" "$secret" | say admin user add store || exit 95
  for policy; do
    say admin policy attach store "$policy" --user "$key" >"$folder/said" ||
      grep -Eq 'AlreadyApplied|already in effect|no net effect' "$folder/said" || { cat "$folder/said"; exit 95; }
  done;;
join) for group; do say admin group add store "$group" "$key" || exit 95; done;;
remove) say admin user remove store "$key" || exit 95;;
esac`;

const timeoutMs = 60_000;

/** A client for one store; `root` may have had its keys changed a moment ago, so that several are tried. */
export function openStore(
  context: Pick<StrategyContext, 'runInTask'>,
  { secret, service, url, roots }: { secret: string; service: string; url: string; roots: StoreLogin[] },
) {
  type Said = { exitCode: number; text: string; task: string };
  const runAs = async (root: StoreLogin, user: StoreLogin, words: string[]): Promise<Said> => {
    const lines = [root.accessKey, root.secretKey, user.accessKey, user.secretKey];
    const { exitCode, stdout, stderr, task } = await context.runInTask({
      service,
      command: ['bash', '--norc', '-c', script, 'kawanan', url, ...words],
      stdin: `${lines.join('\n')}\n`,
      timeoutMs,
    });
    if (exitCode === 91)
      throw new UserError(`${secret}: there is no MinIO client (mc) in ${task}`, {
        next: 'name a service whose image has one, or use the strategy exec',
      });
    return { exitCode, text: `${stdout}${stderr}`, task };
  };
  const denied = /InvalidAccessKeyId|SignatureDoesNotMatch/;
  const administer = async (user: StoreLogin, words: string[]): Promise<Said> => {
    for (const root of roots) {
      const said = await runAs(root, user, words);
      if (said.exitCode !== 93) return said;
      if (!denied.test(said.text)) throw explainAway(secret, said.task);
    }
    throw new UserError(`${secret}: the object store denies root access, so nothing can be changed there`, {
      next: "root's keys come from the secrets root_user and root_password name: are they what the store was started with?",
    });
  };
  const nobody: StoreLogin = { accessKey: '', secretKey: '' };
  return {
    /** Whether the store takes this pair. */
    async accepts(user: StoreLogin): Promise<boolean> {
      const { exitCode, text, task } = await runAs(nobody, user, ['check']);
      if (exitCode === 0) return true;
      if (denied.test(text)) return false;
      throw explainAway(secret, task);
    },
    async readUser(accessKey: string): Promise<UserInfo> {
      const said = await administer({ accessKey, secretKey: '' }, ['info']);
      if (said.exitCode === 0) return parseUserInfo(said.text);
      if (/AdminNoSuchUser/.test(said.text) || /user does not exist/i.test(said.text))
        return { kind: 'none' };
      throw explainRefusal(secret, 'to tell about a user', said);
    },
    /** Makes the user, or gives it this secret key, and its policies and groups; again is no error. */
    async addUser(user: StoreLogin, policies: string[], groups: string[]): Promise<void> {
      const said = await administer(user, ['add', ...policies]);
      if (said.exitCode !== 0) throw explainRefusal(secret, 'to add an access key', said);
      if (groups.length === 0) return;
      const joined = await administer(user, ['join', ...groups]);
      if (joined.exitCode !== 0) throw explainRefusal(secret, 'to add the access key to a group', joined);
    },
    /** No error where there is none. */
    async removeUser(accessKey: string): Promise<void> {
      const said = await administer({ accessKey, secretKey: '' }, ['remove']);
      if (said.exitCode === 0 || /AdminNoSuchUser|user does not exist/i.test(said.text)) return;
      throw explainRefusal(secret, 'to remove an access key', said);
    },
  };
}

/** From the client's JSON lines. */
export function parseUserInfo(text: string): UserInfo {
  for (const line of text.split('\n')) {
    let said: { status?: string; policyName?: string; memberOf?: ({ name?: string } | string)[] };
    try {
      said = JSON.parse(line);
    } catch {
      continue;
    }
    if (said.status !== 'success') continue;
    const groups = (said.memberOf ?? []).map((one) => (typeof one === 'string' ? one : (one.name ?? '')));
    return {
      kind: 'found',
      policies: (said.policyName ?? '').split(',').filter((one) => one !== ''),
      groups: groups.filter((one) => one !== ''),
    };
  }
  return { kind: 'none' };
}

function explainAway(secret: string, task: string): UserError {
  return new UserError(`${secret}: the object store in ${task} doesn't answer`, {
    next: 'kawanan status shows it; run the same command again when it is up',
  });
}

function explainRefusal(
  secret: string,
  what: string,
  { text, task }: { text: string; task: string },
): UserError {
  // a code alone: the text may repeat what was sent
  const code = /"Code": ?"([A-Za-z]+)"/.exec(text)?.[1];
  return new UserError(`${secret}: the object store in ${task} refused ${what}`, {
    details: [
      code === undefined ? 'its words are not shown, for they may repeat a value' : `its answer: ${code}`,
    ],
    next: 'the old access key is valid as before; put right what the store wants and run the same command again',
  });
}
