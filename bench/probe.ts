// A thread: calls a control plane again and again, and tells how long the slowest call took.
import { parentPort, workerData } from 'node:worker_threads';

const PAUSE_MS = 5;
const { url, token } = workerData as { readonly url: string; readonly token: string };
const ending = new AbortController();
let slowest = 0;
parentPort?.on('message', () => ending.abort());
// The first one opens the connection.
await call();
while (!ending.signal.aborted) {
  const begun = performance.now();
  await call();
  slowest = Math.max(slowest, performance.now() - begun);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
parentPort?.postMessage(slowest, []);
parentPort?.close();

async function call(): Promise<void> {
  const answer = await fetch(`${url}/ostiary.v1.PeopleService/WhoAmI`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{}',
  });
  await answer.text();
}
