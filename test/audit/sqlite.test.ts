import { describe } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { eventsBehave } from './behaviour.ts';

describe('the audit trail in SQLite', () => {
  eventsBehave(async () => ({ dataDir: scratchFolder('audit'), databaseUrl: undefined }));
});
