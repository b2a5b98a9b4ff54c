import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { globSync } from 'node:fs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every page of the project, by its path from the root. */
export const pages: readonly string[] = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).toSorted();

/** Those whose every block is run, in the order of the page. */
export const followedPages = pages.filter((page) => /^docs\/(?:tasks\/|migrate\/|expressions\.md$)/.test(page));

export function readPage(page: string): Promise<string> {
  return readFile(`${root}${page}`, 'utf8');
}

/** The fenced blocks of a language, without their fences. */
export function fencedBlocks(text: string, language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fenced)].map(([, block = '']) => block);
}
