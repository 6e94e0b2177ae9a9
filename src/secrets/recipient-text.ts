/** The recipient without the comment that stands behind an SSH key, so that two can be compared. Pure. */
export function normaliseRecipient(text: string): string {
  return text
    .trim()
    .split(/\s+/)
    .slice(0, text.startsWith('ssh-') ? 2 : 1)
    .join(' ');
}
