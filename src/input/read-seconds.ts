import { InputError } from '../errors.ts';

/**
 * The seconds that an option is given.
 *
 * @throws InputError for what is no number of them.
 */
export function readSeconds(option: string, text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
    throw new InputError({
      message: `${option} ${JSON.stringify(text)} is no number of seconds`,
      next: `write e.g. ${option} 60`,
    });
  return seconds;
}
