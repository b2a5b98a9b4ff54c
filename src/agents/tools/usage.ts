import { toJson } from '@bufbuild/protobuf';
import { z } from 'zod';
import { GetUsageResponseSchema, UsageService } from '../../../gen/ostiary/v1/usage_pb.js';
import { defineTool, told } from '../tool.ts';
import { contractInput, keyOf } from './names.ts';

export const myUsage = defineTool({
  name: 'my_usage',
  title: 'My usage',
  description:
    'Tells how much of each limit of a contract is used, when its window ends, and when it will be spent at the present rate; no forecast where it would be a guess.',
  input: z.object({ contract: contractInput }),
  isReading: true,
  isDestructive: false,
  async run(invoke, { contract }) {
    const usage = await invoke(UsageService.method.getUsage, keyOf(contract));
    const text = usage.limits.length === 0 ? `The contract ${contract} has no limits.` : `Usage of ${contract}.`;
    return told(text, { ...toJson(GetUsageResponseSchema, usage) });
  },
});
