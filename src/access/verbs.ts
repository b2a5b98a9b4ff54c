/** What may be done. A token may be narrowed to some of it. */
export const VERBS = ['read', 'write', 'request', 'approve', 'audit', 'administer'] as const;

/**
 * - `read`: see objects, and count their requests
 * - `write`: create, change and delete objects, and the secrets of client applications
 * - `request`: ask for contracts
 * - `approve`: decide contracts, and end them
 * - `audit`: read who did what
 * - `administer`: what is the platform's: sidecars and their tokens, backups, snapshots, users
 */
export type Verb = (typeof VERBS)[number];
