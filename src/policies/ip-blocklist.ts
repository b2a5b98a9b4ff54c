import { definePolicy } from '../policy/policy.ts';
import { addressFiles, addressOptions, addressPolicy, ADDRESS_REASONS, addressWarnings } from './address-policy.ts';
import type { PolicySurroundings } from './environment.ts';

/** Addresses on the lists may not pass (`docs/policies/ip-blocklist.md`). */
export default definePolicy({
  name: 'ip-blocklist',
  phase: 'access',
  summary: 'Denies requests of the addresses and networks on its lists, and of none that can be told',
  options: addressOptions,
  reasons: ADDRESS_REASONS,
  files: addressFiles,
  warnings: addressWarnings,
  create: (options, { files }: PolicySurroundings) => addressPolicy(options, files, 'others'),
});
