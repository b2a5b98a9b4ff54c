import type { Token, Tokens } from 'marked';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { safeLink } from './safe-link.ts';

type Lexer = (text: string) => readonly Token[];

let lexer: Lexer | undefined;

async function loaded(): Promise<Lexer> {
  const { Marked } = await import('marked');
  const marked = new Marked({ gfm: true });
  return (lexer = (text) => marked.lexer(text));
}

/** More than this is shown as it is written: what is read here is documentation. */
const LONGEST = 200_000;

export interface MarkdownProps {
  readonly text: string;
  /** The level of the title above it. */
  readonly below?: number;
}

/** What somebody else has written in Markdown. Until the reader of it is loaded, as it is written. */
export function Markdown({ text, below = 1 }: MarkdownProps): JSX.Element {
  const [, draw] = useState(0);
  useEffect(() => {
    if (lexer === undefined) void loaded().then(() => draw((count) => count + 1));
  }, []);
  const nodes = lexer === undefined ? undefined : markdownOf(text, below, lexer);
  return nodes === undefined ? <div class="markdown plain-text">{text}</div> : <div class="markdown">{nodes}</div>;
}

/** What is done for a paragraph grows with the square of its signs of emphasis: so much takes a moment. */
const MOST_EMPHASIS = 1_000_000;

function isQuick(text: string): boolean {
  let work = 0;
  for (const paragraph of text.split(/\n[ \t]*\n/)) {
    const signs = paragraph.match(/[*_~]+/g)?.length ?? 0;
    work += signs * signs;
  }
  return work <= MOST_EMPHASIS;
}

/** @returns undefined: it is too long or too deep to be read */
export function markdownOf(text: string, below: number, read: Lexer): ComponentChildren[] | undefined {
  if (text.length > LONGEST || !isQuick(text)) return undefined;
  try {
    return markdownNodes(withTitlesBelow(read(text), below));
  } catch {
    // What is nested in thousands of quotes is more than the stack has room for.
    return undefined;
  }
}

const HEADINGS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'] as const;

/** Titles continue those of the page, and none is left out: whoever hears a page goes by them. */
function withTitlesBelow(tokens: readonly Token[], below: number): readonly Token[] {
  const used = [...new Set(tokens.flatMap((token) => (token.type === 'heading' ? [Number(token['depth'])] : [])))].sort(
    (a, b) => a - b,
  );
  let last = below;
  return tokens.map((token) => {
    if (token.type !== 'heading') return token;
    last = Math.min(below + 1 + used.indexOf(Number(token['depth'])), last + 1, HEADINGS.length);
    return { ...token, depth: last };
  });
}

/** Nested deeper, it is shown as it is written. */
const DEEPEST = 12;

/**
 * Elements of an allow-list. HTML is shown as text, pictures as their descriptions, and links lead to web pages and mail
 * addresses alone.
 */
function markdownNodes(tokens: readonly Token[], depth = 0): ComponentChildren[] {
  if (depth > DEEPEST) return tokens.map(({ raw }) => raw);
  return tokens.map((token) => nodeOf(token, depth + 1));
}

function nodeOf(token: Token, depth: number): ComponentChildren {
  const inside = (tokens: readonly Token[] | undefined): ComponentChildren[] => markdownNodes(tokens ?? [], depth);
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading': {
      const { depth: level, tokens } = token as Tokens.Heading;
      const Heading = HEADINGS[Math.min(level, HEADINGS.length) - 1] ?? 'h6';
      return <Heading>{inside(tokens)}</Heading>;
    }
    case 'paragraph':
      return <p>{inside(token.tokens)}</p>;
    case 'text':
      return token.tokens === undefined ? plain((token as Tokens.Text).text) : inside(token.tokens);
    case 'checkbox':
      return (token as Tokens.Checkbox).checked ? '☑ ' : '☐ ';
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'strong':
      return <strong>{inside(token.tokens)}</strong>;
    case 'em':
      return <em>{inside(token.tokens)}</em>;
    case 'del':
      return <del>{inside(token.tokens)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'br':
      return <br />;
    case 'hr':
      return <hr />;
    case 'blockquote':
      return <blockquote>{inside(token.tokens)}</blockquote>;
    case 'list':
      return listOf(token as Tokens.List, inside);
    case 'table':
      return tableOf(token as Tokens.Table, inside);
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      const safe = safeLink(href);
      if (safe === undefined) return inside(tokens);
      return (
        <a href={safe} target="_blank" rel="noopener noreferrer">
          {inside(tokens)}
        </a>
      );
    }
    case 'image':
      return <span class="picture">{(token as Tokens.Image).text || 'picture'}</span>;
    default:
      return token.raw;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: '\u00A0',
};

function plain(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}

function listOf(
  { items, ordered, start }: Tokens.List,
  inside: (tokens: readonly Token[]) => ComponentChildren[],
): JSX.Element {
  const children = items.map(({ tokens }, at) => <li key={at}>{inside(tokens)}</li>);
  return ordered ? <ol start={typeof start === 'number' ? start : 1}>{children}</ol> : <ul>{children}</ul>;
}

function tableOf(
  { header, rows }: Tokens.Table,
  inside: (tokens: readonly Token[]) => ComponentChildren[],
): JSX.Element {
  return (
    <div class="markdown-table">
      <table>
        <thead>
          <tr>
            {header.map(({ tokens }, at) => (
              <th key={at} scope="col">
                {inside(tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map(({ tokens }, at) => (
                <td key={at}>{inside(tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
