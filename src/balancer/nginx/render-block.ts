/** A block of `nginx.conf`: its title, and its lines indented between braces. */
export function renderBlock(title: string, lines: string[]): string[] {
  return [`${title} {`, ...lines.map((line) => `    ${line}`), '}'];
}
