import { PLATFORM_TEAM } from '../../src/access/caller.ts';
import type { Caller } from '../../src/access/caller.ts';

/** Somebody who may do everything. */
export const ADMINISTRATOR: Caller = {
  name: 'admin',
  credential: 'token:admin',
  address: '192.0.2.1',
  isBootstrap: true,
  groups: [],
  grants: [{ team: PLATFORM_TEAM, role: 'admin' }],
};
