'use client'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Tooltip } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { keys } from '../api/queries.ts'
import { ApiFault } from '../api/request.ts'
import { ToastProvider } from './Toasts.tsx'

const canPass = (error: unknown): boolean => error instanceof ApiFault && (error.status === 0 || error.status >= 502)

function makeClient(): QueryClient {
  // A session that ended shows itself in any request; with nobody signed in, the frame leads to the sign-in page.
  const onError = (error: unknown) => {
    if (error instanceof ApiFault && error.status === 401) client.setQueryData(keys.session, null)
  }
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 30_000, retryDelay: 700, retry: (count, error) => canPass(error) && count < 1,
        refetchInterval: (query) => (query.state.status === 'error' && canPass(query.state.error) ? 3000 : false),
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
  return client
}

/** What every page needs: the answers held in the browser, tooltips and notices. */
export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient)
  return (
    <QueryClientProvider client={client}>
      <Tooltip.Provider delayDuration={250}><ToastProvider>{children}</ToastProvider></Tooltip.Provider>
    </QueryClientProvider>
  )
}
