import type {
  GraphRequestJson,
  GraphResponseJson,
  ListSamplesRequestJson,
  ListSamplesResponseJson,
  QueryRequestJson,
  QueryResponseJson,
  TopRequestJson,
  TopResponseJson,
} from '../../../../gen/ostiary/v1/analytics_pb.js';
import { method } from '../../api/call.ts';

export const query = method<QueryRequestJson, QueryResponseJson>('AnalyticsService/Query');
export const top = method<TopRequestJson, TopResponseJson>('AnalyticsService/Top');
export const graph = method<GraphRequestJson, GraphResponseJson>('AnalyticsService/Graph');
export const listSamples = method<ListSamplesRequestJson, ListSamplesResponseJson>('AnalyticsService/ListSamples');
