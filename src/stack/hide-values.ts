/** Keeps what looks like a secret out of everything that is shown. Pure. */

const secretName =
  /pass(word|wd|phrase)?|secret|token|credential|private|api_?key|access_?key|auth|_key$|^key$|_pw$|^pw$|\bdsn\b/i;
/** `DB_PASSWORD_FILE=/run/secrets/x` names a file, and that is what one wants to read. */
const namesAFile = /_FILE$/i;
// To the last @ of the word: people write passwords with / and @ into addresses as they are.
const userInAddress = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):\S+@/gi;
const optionName = String.raw`--?[\w.-]*(?:pass(?:word)?|secret|token|api-?key)[\w.-]*`;
const optionValue = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|\S)+`;
const secretOption = new RegExp(`(${optionName}(?:=|\\s+))${optionValue}`, 'gi');
/** `password=…` of a connection string or of an address's query. */
const secretSetting =
  /(\b[\w.]*(?:password|passwd|pwd|secret|token|api[-_]?key)=)(?:"[^"]*"|'[^']*'|[^\s;&,"'])+/gi;
const wordWithValue = new RegExp(`^(${optionName}=)`, 'i');
const wordBeforeValue = new RegExp(`^${optionName}$`, 'i');

/** True for a variable or label whose value must not be shown. */
export function looksSecret(name: string): boolean {
  return !namesAFile.test(name) && secretName.test(name);
}

/** The text with passwords in addresses, in command options and in settings replaced. */
export function hideSecrets(text: string): string {
  return text
    .replace(userInAddress, '$1:(hidden)@')
    .replace(secretOption, '$1(hidden)')
    .replace(secretSetting, '$1(hidden)');
}

/** The same for the words of a command, each of which may hold blanks. */
export function hideSecretWords(words: string[]): string[] {
  return words.map((word, index) => {
    if (wordBeforeValue.test(words[index - 1] ?? '')) return '(hidden)';
    const name = wordWithValue.exec(word)?.[1];
    return name === undefined ? hideSecrets(word) : `${name}(hidden)`;
  });
}
