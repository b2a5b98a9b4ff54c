import { jsonSchema } from '../document/json-schema.ts';
import { policyKinds } from '../policies/index.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  usage: 'schema',
  summary: 'Prints the JSON Schema of the documents, for completion in editors.',
  examples: ['schema > schema.json'],
  flags: {},
  maxArguments: 0,
  run() {
    process.stdout.write(`${JSON.stringify(jsonSchema(policyKinds), null, 2)}\n`);
    return Promise.resolve(0);
  },
});
