import { GROUPS } from './codes.ts';
import type { Severity } from './codes.ts';
import { pageOf, visible } from './finding.ts';
import type { Diagnosis, Finding } from './finding.ts';

export interface TextOptions {
  readonly hasColour: boolean;
  /** Sentences are broken there; what is to be pasted is not. */
  readonly columns: number;
}

type Paint = (text: string) => string;

interface Paints {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly of: Readonly<Record<Severity, Paint>>;
}

const plain: Paint = (text) => text;
const NO_COLOUR: Paints = { bold: plain, dim: plain, good: plain, of: { error: plain, warning: plain, note: plain } };

function sgr(code: string): Paint {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}

const COLOURS: Paints = {
  bold: sgr('1'),
  dim: sgr('2'),
  good: sgr('32'),
  of: { error: sgr('1;31'), warning: sgr('33'), note: sgr('36') },
};

const INDENT = '  ';
const LEAST_COLUMNS = 40;

/** For people: what is wrong by what it is about, each with what to do. */
export function diagnosisText(
  { findings, unlooked, confirmed = [], looked }: Diagnosis,
  { hasColour, columns }: TextOptions,
): string {
  const paint = hasColour ? COLOURS : NO_COLOUR;
  const width = Math.max(LEAST_COLUMNS, columns);
  const parts: string[] = [];
  for (const [hundred, title] of Object.entries(GROUPS)) {
    const own = findings.filter(({ code }) => code.startsWith(`OST${hundred}`));
    if (own.length === 0) continue;
    parts.push(paint.bold(title), ...own.map((each) => paragraph(each, paint, width)));
  }
  if (confirmed.length > 0) {
    const lines = confirmed.map((each) => wrapped(visible(each), width, INDENT));
    parts.push([paint.good('Enforced'), ...lines].join('\n'));
  }
  if (unlooked.length > 0) {
    const lines = unlooked.map(({ what, why }) => wrapped(visible(`${what}: ${why}`), width, INDENT));
    parts.push([paint.bold('Not looked at'), ...lines].join('\n'));
  }
  const looks = looked.length === 0 ? '' : wrapped(visible(`Looked at ${looked.join(', ')}.`), width, '');
  parts.push([looks, verdict(findings, unlooked.length, paint)].filter((line) => line !== '').join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function paragraph({ code, severity, place, message, remedy }: Finding, paint: Paints, width: number): string {
  const { object, field, file, line = 0 } = place;
  const inFile = file === undefined ? '' : `${file}${line > 0 ? `:${line}` : ''}`;
  const where = [object === file ? '' : inFile, shortened(field, width - INDENT.length)].filter((each) => each !== '');
  return [
    `${INDENT}${paint.of[severity](severity.padEnd(7))}  ${paint.bold(code)}  ${object === file ? inFile : object}`,
    ...where.map((each) => `${INDENT}${paint.dim(each)}`),
    wrapped(ended(message), width, INDENT),
    ...remedy.split('\n').map((each) => `${INDENT}${INDENT}${each}`),
    `${INDENT}${paint.dim(pageOf(code))}`,
  ].join('\n');
}

/** The end of a path tells more than its beginning, which the line of a file stands for. */
function shortened(field: string, width: number): string {
  if (field.length <= width) return field;
  const end = field.slice(field.length - width + 1);
  const at = end.search(/[.[]/);
  return `…${at < 0 ? end : end.slice(at)}`;
}

function ended(sentence: string): string {
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}

function verdict(findings: readonly Finding[], unlooked: number, paint: Paints): string {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const told = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const number = count(severity);
    return number === 0 ? [] : [paint.of[severity](`${number} ${severity}${number === 1 ? '' : 's'}`)];
  });
  const missing = unlooked === 0 ? '' : `, and ${unlooked} not looked at`;
  if (told.length > 0) return `${told.join(', ')}${missing}.`;
  return unlooked === 0
    ? paint.good('Nothing is wrong with it.')
    : `Nothing is wrong with what was looked at${missing}.`;
}

/** Breaks between words; a word that is longer than a line has a line of its own. */
function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    const isFirst = line === indent;
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
