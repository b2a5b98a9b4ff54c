// A worker that decides nothing: as many as a test wants start fast, and hang where it says so.
import { Health } from '../../src/grpc/health.ts';
import { http2Acceptor } from '../../src/http2/transport.ts';
import { WorkerChannel } from '../../src/serve/worker-channel.ts';

const channel = new WorkerChannel();
const [, , hangs = 'never'] = process.argv;
if (hangs === 'before it serves') hang();

const health = new Health(['']);
const acceptor = http2Acceptor(
  { methods: health.methods(), tls: undefined, maxMessageBytes: 1000 },
  { now: () => performance.now() },
);
channel.listen(
  (message) => {
    if (message.kind === 'serve') channel.send({ kind: 'serving' });
    else if (message.kind === 'health') health.setAllServing(message.isServing);
    else if (message.kind === 'drain') void drain(message.timeoutMs);
    if (message.kind === 'health' && hangs === 'once it serves') hang();
  },
  (socket) => acceptor.accept(socket),
);
channel.send({ kind: 'loaded' });

async function drain(timeoutMs: number): Promise<void> {
  health.close();
  await acceptor.drain(timeoutMs);
  channel.send({ kind: 'drained' });
  channel.close();
}

function hang(): never {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('nobody wakes it');
}
