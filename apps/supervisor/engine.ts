/**
 * What control's engine is told at its start. Objects of one packet die young: in 16 MiB they are collected seldom and all dead, where the
 * engine's own 1 MiB, which it would enlarge only in the middle of a storm, costs an eighth of all CPU of an address.
 */
export const controlEngine: readonly string[] = ['--min-semi-space-size=16']
