import { describeProbes } from './probing.ts';

// Any of them may have decided.
describeProbes(['--workers', '2']);
