/** A line of a shell, as its words; what only a shell can know is told. */
export interface ShellWords {
  readonly words: readonly string[];
  readonly notes: readonly string[];
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001B',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** How many hex digits a code has at most. */
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** What may belong to a code, and no more. */
function coded(text: string): string {
  return text.slice(0, 1 + (DIGITS[text[0] ?? ''] ?? 2));
}

/**
 * Splits a line as a POSIX shell would, with Bash's `$'…'` (https://www.gnu.org/software/bash/manual, "ANSI-C Quoting").
 * Nothing is expanded: a variable stays as it is written, and is told.
 */
export function shellWords(line: string): ShellWords {
  const words: string[] = [];
  const notes = new Set<string>();
  let at = 0;
  let word: string | undefined;

  const single = (): string => {
    const end = line.indexOf("'", at);
    const text = line.slice(at, end < 0 ? undefined : end);
    if (end < 0) notes.add("A ' is not closed.");
    at = end < 0 ? line.length : end + 1;
    return text;
  };
  const double = (): string => {
    let text = '';
    for (; at < line.length; at += 1) {
      const char = line[at] as string;
      if (char === '"') {
        at += 1;
        return text;
      }
      if (char === '$' || char === '`') variable();
      if (char === '\\' && '"\\$`\n'.includes(line[at + 1] ?? ' ')) {
        at += 1;
        if (line[at] !== '\n') text += line[at];
      } else text += char;
    }
    notes.add('A " is not closed.');
    return text;
  };
  const variable = (): void => {
    const [found] = /^(?:\$\{[^}]*\}|\$\w+|\$\([^)]*\)|`[^`]*`)/.exec(line.slice(at)) ?? [];
    if (found !== undefined) notes.add(`${found} is not known here: write its value.`);
  };
  const ansi = (): string => {
    let text = '';
    while (at < line.length) {
      const char = line[at] as string;
      at += 1;
      if (char === "'") return text;
      if (char !== '\\') {
        text += char;
        continue;
      }
      const [all, hex, octal] = /^(?:(?:x|u|U)([\dA-Fa-f]{1,8})|([0-7]{1,3}))/.exec(coded(line.slice(at))) ?? [];
      if (all !== undefined) {
        const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
        text += code <= 0x10_ff_ff ? String.fromCodePoint(code) : '\uFFFD';
        at += all.length;
        continue;
      }
      const next = line[at] ?? '';
      text += ESCAPES[next] ?? next;
      at += 1;
    }
    notes.add("A $' is not closed.");
    return text;
  };

  while (at < line.length) {
    const char = line[at] as string;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else if (char === '\\') {
      const next = line.slice(at + 1, at + 3);
      const broken = next.startsWith('\r\n') ? 2 : next.startsWith('\n') ? 1 : 0;
      if (broken === 0) word = (word ?? '') + (line[at + 1] ?? '');
      at += broken === 0 ? 2 : 1 + broken;
    } else if (char === "'") {
      at += 1;
      word = (word ?? '') + single();
    } else if (char === '"') {
      at += 1;
      word = (word ?? '') + double();
    } else if (char === '$' && line[at + 1] === "'") {
      at += 2;
      word = (word ?? '') + ansi();
    } else if ('|;&<>'.includes(char)) {
      notes.add(`From ${char} on the line is for the shell, and is left out.`);
      break;
    } else if (char === '#' && word === undefined) {
      const end = line.indexOf('\n', at);
      at = end < 0 ? line.length : end;
    } else {
      if (char === '$' || char === '`') variable();
      word = (word ?? '') + char;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  return { words, notes: [...notes] };
}
