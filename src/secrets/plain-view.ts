/** A secrets file as one edits it, and back: encrypted values are shown in plain text, and encrypted again only if changed. */
import { requireRecipients, sealBytes, sealSources } from './seal-sources.ts';
import { parseSecretsDocument, type SecretsDocument } from './secrets-file.ts';
import { setEntries, type Written } from './set-entries.ts';

/** The text with all encrypted entries in plain text; those that are no text stay as they are. */
export function renderPlainView(text: string, file: string, opened: ReadonlyMap<string, Buffer>): string {
  const shown = new Map<string, Written>();
  for (const { name, source } of parseSecretsDocument(text, file).entries) {
    const bytes = source.from === 'age' ? opened.get(name) : undefined;
    if (source.from !== 'age' || !bytes || !isText(bytes)) continue;
    shown.set(name, { from: source.holds, text: bytes.toString() });
  }
  return setEntries(text, file, shown);
}

/**
 * The edited text, ready to be written: values that are still what they were keep their ciphertext, all that is new is
 * encrypted to the file's recipients, and what stood there in plain text and wasn't touched still does.
 *
 * @throws InputError with what is wrong with the edited text.
 */
export async function sealPlainView(
  edited: string,
  file: string,
  before: SecretsDocument,
  opened: ReadonlyMap<string, Buffer>,
): Promise<string> {
  const { entries, recipients = [] } = parseSecretsDocument(edited, file);
  if (recipients.length === 0) return edited;
  await requireRecipients(recipients, file);
  const old = new Map(before.entries.map(({ name, source }) => [name, source]));
  const samePeople = JSON.stringify(recipients) === JSON.stringify(before.recipients ?? []);
  const kept = new Map<string, Written>();
  const changed = new Map<string, Written>();
  const resealed = new Map<string, Written>();
  for (const { name, source } of entries) {
    const bytes = source.from === 'age' && !samePeople ? opened.get(name) : undefined;
    // what is no text was never shown, but the list of those who can open it may have changed
    if (source.from === 'age' && bytes) resealed.set(name, await sealBytes(bytes, source.holds, recipients));
    if (source.from !== 'value' && source.from !== 'template') continue;
    const was = old.get(name);
    if (JSON.stringify(was) === JSON.stringify(source)) continue;
    const isSame =
      was?.from === 'age' && was.holds === source.from && opened.get(name)?.equals(Buffer.from(source.text));
    if (isSame && samePeople) kept.set(name, was);
    else changed.set(name, source);
  }
  return setEntries(
    edited,
    file,
    new Map([...kept, ...resealed, ...(await sealSources(changed, recipients, file))]),
  );
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}
