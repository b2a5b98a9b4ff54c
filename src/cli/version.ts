import { toggle } from '../flags.ts';
import { productVersion } from '../product.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  usage: 'version [FLAGS]',
  summary: 'Prints the version of ostiary and of Node.',
  examples: [],
  flags: { json: toggle('one JSON object for scripts') },
  maxArguments: 0,
  run({ values }) {
    const version = { ostiary: productVersion(), node: process.versions.node };
    process.stdout.write(
      values.json ? `${JSON.stringify(version)}\n` : `ostiary ${version.ostiary} (Node ${version.node})\n`,
    );
    return Promise.resolve(0);
  },
});
