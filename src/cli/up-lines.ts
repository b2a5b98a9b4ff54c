import { commentedLines } from '../commented-lines.ts';
import { accessLines } from '../control/welcome.ts';
import type { Access } from '../control/welcome.ts';

export interface UpListening extends Access {
  readonly dataDir: string;
  readonly policies: readonly string[];
  /** How this program is called, such as `npm run -s ostiary --`. */
  readonly program: string;
}

/** What is there and lines to try: of the sidecar, as `ostiary serve` prints them, and of the control plane. */
export function upLines(
  welcome: string,
  { url, tokenFile, consoleUrl, dataDir, policies, program }: UpListening,
): string {
  const from =
    policies.length === 0
      ? 'no folder of documents is followed'
      : `the documents in ${policies.join(' and ')} are followed, and stay in their files`;
  return `${welcome}
its control plane is on ${url}, and everything is kept in ${dataDir}; ${from}
${accessLines({ url, tokenFile, consoleUrl })}then try:
${commentedLines([
  [`${program} get apis -o wide`, 'what is enforced, of files and of the control plane'],
  [`${program} apply -f FILE --wait 2s`, 'writes documents, and tells when they are enforced'],
  [`${program} sidecars`, 'what each sidecar enforces'],
  [`${program} audit`, 'who changed what'],
])}`;
}
