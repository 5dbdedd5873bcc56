// etcd_load drives an etcd cluster and prints one JSON line of figures.
//
// Job: be a client that is not the bottleneck, for the comparison in tests/bench/store.py. One
// connection, as many closed-loop workers as -clients says. Must not know: Steersman.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

type figures struct {
	Operations int     `json:"operations"`
	Errors     int     `json:"errors"`
	Seconds    float64 `json:"seconds"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Max        float64 `json:"max_ms"`
	Gap        float64 `json:"gap_ms"`
	Deliveries int64   `json:"deliveries"`
	CPU        float64 `json:"cpu"`
}

// processorSeconds of this process so far.
func processorSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func main() {
	endpoints := flag.String("endpoints", "", "comma separated")
	operation := flag.String("op", "put", "put | txn | get | serializable | watch")
	clients := flag.Int("clients", 1, "operations in flight")
	seconds := flag.Float64("seconds", 5, "how long")
	size := flag.Int("size", 1024, "bytes of a value")
	watchers := flag.Int("watchers", 0, "watch: how many")
	timeout := flag.Float64("timeout", 5, "seconds for one try")
	count := flag.Int("count", 0, "stop after so many operations (0: after the time only)")
	prefix := flag.String("prefix", "/bench/", "of the keys")
	flag.Parse()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(*endpoints, ","),
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	value := strings.Repeat("v", *size)
	var deliveries atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	if *operation == "watch" {
		watch(ctx, client, *prefix, *watchers, &deliveries)
	}
	if *operation == "get" || *operation == "serializable" {
		for number := 0; number < 1000; number++ {
			if _, err := client.Put(ctx, fmt.Sprintf("%sread-%d", *prefix, number), value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	began := time.Now()
	result := drive(client, *operation, *prefix, value, *clients, *seconds, *timeout, int64(*count))
	if *operation == "watch" {
		wanted := int64(*watchers) * int64(result.Operations)
		for limit := time.Now().Add(30 * time.Second); deliveries.Load() < wanted && time.Now().Before(limit); {
			time.Sleep(time.Millisecond)
		}
		result.Deliveries = deliveries.Load()
		result.Seconds = time.Since(began).Seconds()
	}
	cancel()
	json.NewEncoder(os.Stdout).Encode(result)
}

func watch(ctx context.Context, client *clientv3.Client, prefix string, count int, deliveries *atomic.Int64) {
	var ready sync.WaitGroup
	for number := 0; number < count; number++ {
		ready.Add(1)
		channel := client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify())
		go func() {
			first := true
			for response := range channel {
				if first {
					first = false
					ready.Done()
				}
				deliveries.Add(int64(len(response.Events)))
			}
		}()
	}
	ready.Wait()
}

func drive(client *clientv3.Client, operation, prefix, value string, clients int, seconds, timeout float64, count int64) figures {
	used := processorSeconds()
	began := time.Now()
	end := began.Add(time.Duration(seconds * float64(time.Second)))
	latencies := make([][]float64, clients)
	var errors, last, gap, begun atomic.Int64
	last.Store(began.UnixNano())
	var all sync.WaitGroup
	for worker := 0; worker < clients; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			for number := 0; time.Now().Before(end); number++ {
				if begun.Add(1) > count && count > 0 {
					return
				}
				start := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(timeout*float64(time.Second)))
				err := once(ctx, client, operation, prefix, value, worker, number, start.UnixNano())
				cancel()
				now := time.Now()
				if err != nil {
					errors.Add(1)
					continue
				}
				if silent := now.UnixNano() - last.Swap(now.UnixNano()); silent > gap.Load() {
					gap.Store(silent)
				}
				latencies[worker] = append(latencies[worker], float64(now.Sub(start))/1e6)
			}
		}(worker)
	}
	all.Wait()
	took := time.Since(began).Seconds()
	var merged []float64
	for _, part := range latencies {
		merged = append(merged, part...)
	}
	sort.Float64s(merged)
	at := func(share float64) float64 {
		if len(merged) == 0 {
			return 0
		}
		return merged[min(int(share*float64(len(merged))), len(merged)-1)]
	}
	return figures{len(merged), int(errors.Load()), took, at(0.5), at(0.99), at(1), float64(gap.Load()) / 1e6, 0,
		(processorSeconds() - used) / took}
}

func once(ctx context.Context, client *clientv3.Client, operation, prefix, value string, worker, number int, unique int64) error {
	switch operation {
	case "put", "watch":
		_, err := client.Put(ctx, fmt.Sprintf("%s%d/%d", prefix, worker, number%1000), value)
		return err
	case "txn":
		key := fmt.Sprintf("%s%d/%d-%d", prefix, worker, number, unique)
		_, err := client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", 0)).
			Then(clientv3.OpPut(key, value)).Commit()
		return err
	case "get":
		_, err := client.Get(ctx, fmt.Sprintf("%sread-%d", prefix, number%1000))
		return err
	default:
		_, err := client.Get(ctx, fmt.Sprintf("%sread-%d", prefix, number%1000), clientv3.WithSerializable())
		return err
	}
}
