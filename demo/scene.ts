/** One thing to try, and what must come of it. */
export interface Scene {
  /** A sentence that says why the outcome is what it is. */
  readonly because: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How many times it is sent; the outcome is that of the last one. 1 unless told. */
  readonly times?: number;
  /** The HTTP status. */
  readonly status: number;
  /** What the answer shows: a header line, or a part of the body. */
  readonly shows: string;
}

/** The scene as a line for a shell. */
export function curlLine(scene: Scene, port: number): string {
  const headers = Object.entries(scene.headers).map(([name, value]) => `-H '${name}: ${value}'`);
  const line = ['curl -sS -i --path-as-is', ...headers, `http://127.0.0.1:${port}${scene.path}`].join(' ');
  return scene.times === undefined ? line : `for i in $(seq ${scene.times}); do ${line}; done`;
}

/** What differs between the outcome that was announced and the output of the scene's line; undefined: nothing. */
export function difference(scene: Scene, output: string): string | undefined {
  const last = output.lastIndexOf('HTTP/1.1 ');
  const answer = output.slice(last).toLowerCase();
  const status = Number(answer.slice('HTTP/1.1 '.length).split(' ')[0]);
  if (last < 0) return `no answer: ${output}`;
  if (status !== scene.status) return `status ${status} instead of ${scene.status}`;
  return answer.includes(scene.shows.toLowerCase())
    ? undefined
    : `nothing of ${JSON.stringify(scene.shows)} in ${answer}`;
}
