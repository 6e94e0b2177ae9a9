/** Columns as wide as their widest cell, two spaces apart, no trailing space; widths ignore colour codes. */
export function renderTable(header: string[], rows: string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => visibleLength(row[column] ?? ''))));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(widths[column]! - visibleLength(cell)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function visibleLength(cell: string): number {
  return cell.replace(/\x1b\[[0-9;]*m/g, '').length;
}
