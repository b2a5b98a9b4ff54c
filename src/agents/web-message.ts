import type { IncomingMessage, ServerResponse } from 'node:http';

/** @returns undefined: it is larger */
export async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function sendResponse(response: ServerResponse, answer: Response): Promise<void> {
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !name.startsWith('access-control-')));
  response.writeHead(answer.status, { ...headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  if (answer.body !== null) for await (const chunk of answer.body) response.write(chunk);
  response.end();
}
