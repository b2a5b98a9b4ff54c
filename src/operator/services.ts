/** The descriptors of what listeners serve: large, so loaded when somebody asks for them. */
import type { DescService } from '@bufbuild/protobuf';
import { AccessLogService } from '../../gen/envoy/service/accesslog/v3/als_pb.js';
import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionV1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { Health } from '../../gen/health/v1/health_pb.js';
import { AnalyticsService } from '../../gen/ostiary/v1/analytics_pb.js';
import { InspectionService } from '../../gen/ostiary/v1/inspection_pb.js';
import { ProbeService } from '../../gen/ostiary/v1/probe_pb.js';

const SERVICES: readonly DescService[] = [Authorization, Health, ServerReflection, ServerReflectionV1Alpha];
/** Of `--listen`. */
export const GRPC_SERVICES: readonly DescService[] = [AccessLogService, ...SERVICES];
export const API_SERVICES: readonly DescService[] = [...SERVICES, InspectionService, AnalyticsService, ProbeService];
