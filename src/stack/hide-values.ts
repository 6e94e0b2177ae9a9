/** Keeps what looks like a secret out of everything that is shown. Pure. */

const secretName =
  /pass(word|wd|phrase)?|secret|token|credential|private|api_?key|access_?key|auth|_key$|^key$|_pw$|^pw$|\bdsn\b/i;
/** `DB_PASSWORD_FILE=/run/secrets/x` names a file, and that is what one wants to read. */
const namesAFile = /_FILE$/i;
const userInAddress = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):([^\s@/]+)@/gi;
const secretOption = /(--?[\w-]*(?:pass(?:word)?|secret|token|api-?key)[\w-]*(?:=|\s+))(\S+)/gi;

/** True for a variable or label whose value must not be shown. */
export function looksSecret(name: string): boolean {
  return !namesAFile.test(name) && secretName.test(name);
}

/** The text with passwords in addresses and in command options replaced. */
export function hideSecrets(text: string): string {
  return text.replace(userInAddress, '$1:(hidden)@').replace(secretOption, '$1(hidden)');
}
