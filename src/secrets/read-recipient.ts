import { InputError } from '../errors.ts';
import { checkRecipient } from './recipient.ts';
import { normaliseRecipient } from './recipient-text.ts';
import type { Recipient } from './secrets-file.ts';

/**
 * A recipient as it was typed; the comment behind an SSH key is its name unless another is given.
 *
 * @throws InputError when it is none; what was typed is not repeated.
 */
export function readRecipient(typed: string, name?: string): Recipient {
  const recipient = normaliseRecipient(typed);
  const wrong = checkRecipient(recipient);
  if (wrong) throw new InputError(wrong);
  const whose = (name ?? typed.trim().slice(recipient.length).trim())
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim();
  return { recipient, ...(whose !== '' && { name: whose }) };
}
