// The least that a gRPC server on grpc-js does: takes the bytes, decodes nothing, answers the same
// allow each time. Prints the port it listens on.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { constantAnswer } from './constant-answer.ts';

const ALLOW = Buffer.from(constantAnswer);
const asIs = (bytes: Buffer): Buffer => bytes;

const server = new Server();
server.addService(
  {
    Check: {
      path: CHECK_PATH,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  { Check: (_: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => answer(null, ALLOW) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});
