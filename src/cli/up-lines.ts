export interface UpListening {
  /** Of the control plane. */
  readonly url: string;
  /** With the administrator's token. */
  readonly tokenFile: string;
  readonly dataDir: string;
  readonly policies: readonly string[];
  /** How this program is called, such as `npm run -s ostiary --`. */
  readonly program: string;
}

const DEFAULT_URL = 'http://127.0.0.1:9195';

/** What is there and lines to try: of the sidecar, as `ostiary serve` prints them, and of the control plane. */
export function upLines(welcome: string, { url, tokenFile, dataDir, policies, program }: UpListening): string {
  const server = url === DEFAULT_URL ? '' : ` --server ${url}`;
  const lines: readonly (readonly [command: string, comment: string])[] = [
    ['get apis -o wide', 'what is enforced, of files and of the control plane'],
    ['apply -f FILE --wait 2s', 'writes documents, and tells when they are enforced'],
    ['sidecars', 'what each sidecar enforces'],
    ['audit', 'who changed what'],
  ];
  const calls = lines.map(([command, comment]) => [
    `${program} ${command}${server} --token-file ${tokenFile}`,
    `# ${comment}`,
  ]);
  const width = Math.max(...calls.map(([call = '']) => call.length));
  const from =
    policies.length === 0
      ? 'no folder of documents is followed'
      : `the documents in ${policies.join(' and ')} are followed, and stay in their files`;
  return `${welcome}
its control plane is on ${url}, and everything is kept in ${dataDir}; ${from}
${calls.map(([call = '', comment = '']) => `  ${call.padEnd(width)}   ${comment}`).join('\n')}
`;
}
