import { describeProbes } from './probing.ts';

describeProbes([]);
