import { commentedLines, shellWord } from '../commented-lines.ts';

export interface Access {
  readonly url: string;
  /** With the administrator's token. */
  readonly tokenFile: string;
  /** Of the page for people; undefined: no browser gets there. */
  readonly consoleUrl: string | undefined;
}

interface Welcome extends Access {
  readonly isNew: boolean;
  readonly program: string;
}

/** Where commands look without being told. */
const DEFAULT_URL = 'http://127.0.0.1:9195';

/** Where the control plane is, and lines to try. */
export function welcomeOf({ url, tokenFile, consoleUrl, isNew, program }: Welcome): string {
  const joined = `serve --control ${shellWord(url)} --control-token-file join-token --cache-dir cache`;
  return `ostiary's control plane is on ${url}${isNew ? `; the administrator's token is in ${tokenFile}` : ''}
${accessLines({ url, tokenFile, consoleUrl })}then try:
${commentedLines([
  [`${program} apply -f policies`, 'writes the documents of a folder'],
  [`${program} token create --sidecar > join-token`, 'lets a sidecar join'],
  [`${program} ${joined}`, 'is that sidecar; it runs until Ctrl-C'],
  [`${program} sidecars`, 'what each sidecar enforces'],
])}`;
}

function consoleLine(url: string | undefined): string {
  if (url === undefined) return '';
  const once = url.includes('?') ? ' (it logs you in, once, within 15 minutes)' : '';
  return `open in a browser${once}:\n  ${url}\n`;
}

/** What commands need once in a terminal, so that they need no flags. */
export function accessLines({ url, tokenFile, consoleUrl }: Access): string {
  const server = url === DEFAULT_URL ? '' : `  export OSTIARY_SERVER=${shellWord(url)}\n`;
  return `${consoleLine(consoleUrl)}in another terminal, first:\n  export OSTIARY_TOKEN=$(cat ${shellWord(tokenFile)})\n${server}`;
}
