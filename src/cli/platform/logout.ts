import { LogOutResponseSchema } from '../../../gen/ostiary/v1/people_pb.js';
import { systemClock } from '../../clock.ts';
import { ApiRefusal } from '../api-call.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { storeCredential, storedCredential } from '../credentials.ts';
import { callServer, serverFlags } from './server.ts';

const ENDED = 401;

/** Ends the login of this machine. */
export const command = defineCommand({
  usage: 'logout [FLAGS]',
  summary: 'Ends what ostiary login has begun: at the control plane, and in the file that it is kept in.',
  examples: ['logout', 'logout --server https://control.example.com'],
  flags: { server: serverFlags.server, serverCa: serverFlags.serverCa, requestTimeout: serverFlags.requestTimeout },
  sections: { server: 'Where' },
  maxArguments: 0,
  async run({ values }, environment) {
    const stored = storedCredential(values.server, environment, systemClock.now());
    if (stored === undefined) {
      storeCredential(values.server, undefined, environment);
      process.stdout.write(`nobody is logged in to ${values.server}\n`);
      return 0;
    }
    const caller = {
      values: { ...values, tokenFile: undefined },
      environment: { ...environment, OSTIARY_TOKEN: stored.token },
    };
    await callServer('PeopleService/LogOut', {}, LogOutResponseSchema, caller).catch((error: unknown) => {
      if (!(error instanceof ApiRefusal) || error.status !== ENDED) throw error;
    });
    storeCredential(values.server, undefined, environment);
    process.stdout.write(`logged out of ${values.server}: ${shown(stored.name)}\n`);
    return 0;
  },
});
