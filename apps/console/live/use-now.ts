'use client'
import { useEffect, useState } from 'react'

/** The time in ms, renewed every `everyMs`; for ages and elapsed times. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
