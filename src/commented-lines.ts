/** Comments of longer lines stand right behind them, so that the others need not be as wide. */
const WIDEST = 110;

/** Lines for a shell, indented, each with what it is for in a column of its own. */
export function commentedLines(lines: readonly (readonly [command: string, comment: string])[]): string {
  const width = Math.max(0, ...lines.map(([command]) => command.length).filter((length) => length <= WIDEST));
  return lines.map(([command, comment]) => `  ${command.padEnd(width)}   # ${comment}\n`).join('');
}

/** As one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
