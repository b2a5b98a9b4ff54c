import type { Cluster, Redis } from 'ioredis';

/** What all talk to Redis through: one server (by Sentinels too), or a Cluster. */
export type RedisClient = Redis | Cluster;
