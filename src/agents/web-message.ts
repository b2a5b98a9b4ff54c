import type { ServerResponse } from 'node:http';

export async function sendResponse(response: ServerResponse, answer: Response): Promise<void> {
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !name.startsWith('access-control-')));
  response.writeHead(answer.status, { ...headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  if (answer.body !== null) for await (const chunk of answer.body) response.write(chunk);
  response.end();
}
