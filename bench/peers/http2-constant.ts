// This project's transport, answering the same allow each time. Prints the port it listens on.
import { http2Transport } from '../../src/http2/transport.ts';

/** `status {}` and `ok_response {}`. */
const allow = Buffer.from([0x0a, 0x00, 0x1a, 0x00]);

const { address } = await http2Transport()({
  address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  methods: [{ kind: 'unary', path: '/envoy.service.auth.v3.Authorization/Check', handle: () => allow }],
  tls: undefined,
  maxMessageBytes: 4 * 1024 * 1024,
});
if (address.kind === 'tcp') console.log(address.port);
