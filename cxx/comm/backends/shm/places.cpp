#include "comm/backends/shm/places.h"

namespace oarlock {
namespace {

Visible visible(const std::vector<Places>& places, const SharedRegions& regions, std::uint32_t Places::*region_of,
                std::uint64_t Places::*offset_of) {
  const std::uint32_t number = places.front().*region_of;
  for (const Places& place : places) {
    if (number == 0 || place.*region_of != number) return {};
  }
  const std::shared_ptr<SharedRegion> region = regions.find(number);
  Visible tensors;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    tensors.push_back(region->piece_of(static_cast<int>(rank)) + places[rank].*offset_of);
  }
  return tensors;
}

void locate(Span tensor, const SharedRegions& regions, int rank, std::uint32_t& number, std::uint64_t& offset) {
  const std::shared_ptr<SharedRegion> region =
      tensor.size == 0 ? nullptr : regions.find(tensor.data, tensor.size, rank);
  if (region == nullptr) return;
  number = region->number();
  offset = static_cast<std::uint64_t>(tensor.data - region->piece_of(rank));
}

}  // namespace

Places places_of(Span input, Span output, const SharedRegions& regions, int rank) {
  Places places;
  locate(input, regions, rank, places.input_region, places.input_offset);
  locate(output, regions, rank, places.output_region, places.output_offset);
  return places;
}

Visible visible_inputs(const std::vector<Places>& places, const SharedRegions& regions) {
  return visible(places, regions, &Places::input_region, &Places::input_offset);
}

Visible visible_outputs(const std::vector<Places>& places, const SharedRegions& regions) {
  return visible(places, regions, &Places::output_region, &Places::output_offset);
}

}  // namespace oarlock
