/** A section of `haproxy.cfg`: its title, and its lines indented. */
export function renderSection(title: string, lines: string[]): string {
  return `${title}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
