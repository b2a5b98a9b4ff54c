// What our own transport costs by itself: takes the bytes, decodes nothing, answers the same allow
// each time. Prints the port it listens on.
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { http2Transport } from '../../src/http2/transport.ts';
import { constantAnswer } from './constant-answer.ts';

const listener = await http2Transport({ now: () => performance.now() })({
  address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  methods: [{ kind: 'unary', path: CHECK_PATH, handle: () => constantAnswer }],
  tls: undefined,
  maxMessageBytes: 1 << 20,
});
if (listener.address.kind === 'tcp') console.log(listener.address.port);
